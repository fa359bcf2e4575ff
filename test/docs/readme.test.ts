/**
 * The code in the README compiles, runs, and prints what its comments say.
 *
 * Every ts block becomes a file: of the name that its first line gives (`// primes.ts`), else of a number.
 * They are compiled together, under the compiler options of this repository, and those without a name are
 * run.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');

interface Block {
  readonly file: string;
  readonly code: string;
  readonly isProgram: boolean;
}

const blocks: Block[] = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], index) => {
  const name = /^\/\/ ([\w-]+\.ts)\n/.exec(code)?.[1];
  return { file: name ?? `block-${index + 1}.ts`, code, isProgram: name === undefined };
});

/** What the comments after `console.log(...)` say is printed: one line, or several between commas. */
function promised(code: string): string[] {
  return [...code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].flatMap(([, said = '']) =>
    said.startsWith('[') ? [said] : said.split(', '),
  );
}

let folder: string;

before(async () => {
  // Inside of the repository, where the package finds itself by its name.
  await mkdir(join(root, 'dist'), { recursive: true });
  folder = await mkdtemp(join(root, 'dist', 'readme-'));
  await Promise.all(blocks.map(({ file, code }) => writeFile(join(folder, file), code)));
  const config = {
    extends: join(root, 'tsconfig.json'),
    // As in a program of a user's: nothing there wants declarations.
    compilerOptions: {
      rootDir: '.',
      outDir: 'out',
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
    },
    include: ['*.ts'],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
});

after(() => rm(folder, { recursive: true, force: true }));

test('the blocks compile', async () => {
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  );
  await run(process.execPath, [compiler, '-p', folder]).catch((error: { stdout: string }) => {
    assert.fail(error.stdout);
  });
});

for (const { file, code, isProgram } of blocks) {
  if (!isProgram) continue;
  const title = code.split('\n').find((line) => line !== '' && !line.startsWith('import')) ?? file;
  test(`${file} runs: ${title}`, async () => {
    const program = join(folder, 'out', file.replace(/ts$/, 'js'));
    const { stdout, stderr } = await run(process.execPath, [program], { timeout: 60_000 });
    assert.equal(stderr, '');
    assert.deepEqual(stdout.trimEnd().split('\n'), promised(code));
  });
}

test('there are blocks, and each program says what it prints', () => {
  const programs = blocks.filter((block) => block.isProgram);
  assert.ok(programs.length > 5);
  for (const { code } of programs) assert.notDeepEqual(promised(code), [], code);
});
