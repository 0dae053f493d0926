// As a server that is to hold all it needs: by default, Vite leaves what node_modules hold outside.
export default {
  ssr: { noExternal: true },
  build: { ssr: 'main.js', outDir: 'out', emptyOutDir: false, rolldownOptions: { output: { entryFileNames: 'vite.mjs' } } },
};
