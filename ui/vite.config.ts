import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { viteSingleFile } from 'vite-plugin-singlefile';

// One HTML file with its script and style inside, to be mailed around and opened from disk: a browser loads
// neither modules nor fetched data over file:, so there is nothing beside it.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  plugins: [viteSingleFile()],
  build: {
    outDir: '../dist/ui',
    emptyOutDir: true,
    target: 'es2022',
    // The colours are written with light-dark(), which browsers have had since the spring of 2024.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    reportCompressedSize: false,
    rolldownOptions: { input: fileURLToPath(new URL('./report.html', import.meta.url)) },
  },
});
