// What the tests do inside JupyterLab: each function of window.tests is called by Notebook.
// Nothing here waits for ever: page.evaluate has no time limit of its own.
window.tests = (() => {
  const PATIENCE = 90; // seconds
  const opened = new Map(); // kernel id -> { panel, errors }
  const frame = () => new Promise(requestAnimationFrame);

  function within(seconds, what, promise) {
    const late = (_, reject) => setTimeout(() => reject(new Error(`${what}: not within ${seconds} s`)), 1000 * seconds);
    return Promise.race([promise, new Promise(late)]);
  }

  async function current({ panel }) {
    window.jupyterapp.shell.activateById(panel.id);
    while (window.jupyterapp.shell.currentWidget !== panel) await frame();
  }

  return {
    /** Open a notebook, and return the id of its kernel when that answers. */
    async open(path) {
      const opening = window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' });
      const panel = await within(PATIENCE, 'the notebook', opening);
      await within(PATIENCE, 'its content', panel.context.ready.then(() => panel.revealed));
      await within(PATIENCE, 'its session', panel.sessionContext.ready);
      const { kernel } = panel.sessionContext.session;
      await within(PATIENCE, 'an answer of its kernel', kernel.info);
      const errors = [];
      // Errors of a widget's callbacks belong to no cell: they are seen only here.
      panel.sessionContext.iopubMessage.connect((_, { header, content }) => {
        if (header.msg_type === 'error') errors.push(content.traceback.join('\n'));
        else if (header.msg_type === 'stream' && content.name === 'stderr') errors.push(content.text);
      });
      opened.set(kernel.id, { panel, errors });
      return kernel.id;
    },

    /** Open a notebook with "No Kernel", and return a name for it. */
    async openAlone(path) {
      const kernelPreference = { shouldStart: false, canStart: false, autoStartDefault: false };
      const opening = window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook', kernelPreference });
      const panel = await within(PATIENCE, 'the notebook', opening);
      await within(PATIENCE, 'its content', panel.context.ready.then(() => panel.revealed));
      opened.set(path, { panel, errors: [] });
      return path;
    },

    /** Run one cell, or all where `cell` is null. */
    async run([id, cell, wait, seconds]) {
      const notebook = opened.get(id);
      await within(PATIENCE, 'the tab', current(notebook));
      if (cell !== null) notebook.panel.content.activeCellIndex = cell;
      const command = cell === null ? 'notebook:run-all-cells' : 'notebook:run-cell';
      const done = window.jupyterapp.commands.execute(command);
      if (wait) await within(seconds, 'the end of the cells', done);
    },

    /** The tracebacks that the cells show. */
    cellErrors(id) {
      return [...opened.get(id).panel.content.model.sharedModel.cells]
        .flatMap((cell) => (cell.cell_type === 'code' ? cell.outputs : []))
        .filter((output) => output.output_type === 'error')
        .map((output) => output.traceback.join('\n'));
    },

    /** What a cell shows, as the notebook's file would have it. */
    outputs([id, cell]) {
      return opened.get(id).panel.content.model.sharedModel.cells[cell].toJSON().outputs;
    },

    /** What the kernel has raised, and written to stderr, since the notebook was opened. */
    kernelErrors(id) {
      return opened.get(id).errors;
    },

    /** The number of widget models that the page holds, and would save with the notebook. */
    async models(id) {
      const { rendermime } = opened.get(id).panel.content;
      const renderer = rendermime.createRenderer('application/vnd.jupyter.widget-view+json');
      const manager = await within(PATIENCE, 'the widgets', renderer._manager.promise);
      renderer.dispose();
      return Object.keys((await manager.get_state()).state).length;
    },

    /** Save a notebook with the state of its widgets. */
    async save(id) {
      await within(PATIENCE, 'the saving', opened.get(id).panel.context.save());
    },

    async restart(id) {
      await within(PATIENCE, 'the restart', opened.get(id).panel.sessionContext.session.kernel.restart());
    },

    async close(id) {
      const { panel } = opened.get(id);
      opened.delete(id);
      panel.context.model.dirty = false;
      panel.dispose();
      // What goes wrong while Lab takes it away is of this test, not of the next one.
      for (let i = 0; i < 3; i++) await frame();
    },

    setTheme(theme) {
      return within(PATIENCE, 'the theme', window.jupyterapp.commands.execute('apputils:change-theme', { theme }));
    },
  };
})();
