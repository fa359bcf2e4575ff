import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';

// Each page is one HTML file with its script and style inside. Reports are mailed around and opened from disk, and a
// browser loads neither modules nor fetched data over file:; of the dashboard a server then knows all that may run in it.
// A build makes one page, as there can be no files that two of them share: `--mode report`, `--mode advise`, `--mode dashboard`.
export default defineConfig(({ mode }) => ({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  plugins: [viteSingleFile()],
  build: {
    outDir: '../dist/ui',
    emptyOutDir: false,
    target: 'es2022',
    // The colours are written with light-dark(), which browsers have had since the spring of 2024.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    reportCompressedSize: false,
    rolldownOptions: { input: fileURLToPath(new URL(`./${mode}.html`, import.meta.url)) },
  },
}));
