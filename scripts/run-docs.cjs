// node scripts/run-docs.cjs PROJECT [TSC...]: tries what the documentation of an installed package shows. PROJECT is a folder with
// node_modules/addernet, the optional packages, and seven.png, an image of a digit; each TSC is the compiler of a TypeScript.
//   relative links   lead to files of the package
//   ```js            runs; where it imports the package, compiles strictly with each TSC, too
//   ```sh            npx addernet: the command and its options are in its help, and it runs where it needs nothing but seven.png;
//                    npm run: there is such a script; curl: the server answers
//   examples/*.mjs   run with the arguments that their first line names
// Prints a line for each and exits with 1 if one failed.
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join, relative, resolve } = require('node:path');

/** @returns {string[]} the blocks of a language, in order */
const blocks = (markdown, language) =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) => text);

/** @returns {string[]} links that lead nowhere, but for those into the tests, which the package leaves out */
const deadLinks = (markdown, folder, root) =>
  [...markdown.matchAll(/\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g)]
    .map(([, link]) => link)
    .filter((link) => !existsSync(join(folder, link)) && !relative(root, join(folder, link)).startsWith('test/'));

const run = (cwd, program, ...args) => spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 600_000 });

/** @returns what it printed, and its status */
function runProgram(project, name, program) {
  writeFileSync(join(project, name), program);
  return run(project, process.execPath, name);
}

const problemOf = ({ status, stdout, stderr, error }) =>
  status === 0 ? '' : (error?.message ?? `exit ${status}: ${`${stderr}${stdout}`.trim().split('\n').slice(-12).join('\n  ')}`);

class Documentation {
  constructor(project, compilers) {
    this.project = resolve(project);
    this.root = join(this.project, 'node_modules/addernet');
    this.cli = join(this.root, 'dist/cli/main.js');
    this.compilers = compilers.map((path) => resolve(path));
    this.failures = 0;
  }

  report(what, problem) {
    console.log(problem ? `not ok ${what}: ${problem}` : `ok ${what}`);
    if (problem) this.failures++;
  }

  async try() {
    const inFolder = (name) =>
      existsSync(join(this.root, name)) ? readdirSync(join(this.root, name)).map((file) => `${name}/${file}`) : [];
    const files = [...readdirSync(this.root), ...['docs', 'examples', 'models', 'deploy'].flatMap(inFolder)];
    const { address, stop } = await this.serve();
    this.address = address;
    for (const file of files) {
      if (file.endsWith('.md')) this.tryPage(file);
      else if (/^examples\/.*\.mjs$/.test(file)) this.report(file, await this.tryExample(join(this.root, file)));
    }
    stop();
  }

  tryPage(page) {
    const markdown = readFileSync(join(this.root, page), 'utf8');
    this.report(`${page}: links`, deadLinks(markdown, dirname(join(this.root, page)), this.root).join(' '));
    for (const [i, program] of blocks(markdown, 'js').entries()) {
      const name = `${page.replace(/\W/g, '-')}-${i + 1}`;
      const isModule = /^import /m.test(program);
      const file = `${name}.${isModule ? 'mjs' : 'cjs'}`;
      this.report(file, problemOf(runProgram(this.project, file, program)));
      if (isModule) this.tryTypeScript(`${name}.mts`, program);
    }
    for (const line of blocks(markdown, 'sh').flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))) {
      const command = line.replace(/\s+#.*$/, '').trim();
      const problem = this.tryCommand(command);
      if (problem !== undefined) this.report(`${page}: ${command}`, problem);
    }
  }

  tryTypeScript(file, program) {
    writeFileSync(join(this.project, file), program);
    const flags = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      '--target',
      'es2022',
      '--module',
      'nodenext',
      '--types',
      'node',
    ];
    for (const tsc of this.compilers)
      this.report(`${file} with ${tsc}`, problemOf(run(this.project, process.execPath, tsc, ...flags, file)));
  }

  /** What is wrong with a line of a shell; undefined if it is none of those that are tried. */
  tryCommand(command) {
    const [program, script, ...rest] = command.split(/\s+/);
    if (/^npx addernet |^node dist\/cli\/main\.js /.test(command)) return this.tryAddernet(rest);
    if (program === 'npm' && (script === 'run' || script === 'test')) {
      const { scripts } = JSON.parse(readFileSync(join(this.root, 'package.json'), 'utf8'));
      return (script === 'run' ? rest[0] : script) in scripts ? '' : 'package.json has no such script';
    }
    if (program !== 'curl' || !this.address) return undefined;
    const here = command.replace(/http:\/\/(127\.0\.0\.1|localhost):8080/, this.address).replace(/@[\w.-]+\.(png|jpe?g)/g, '@seven.png');
    return problemOf(run(this.project, 'bash', '-c', here.replace('curl', 'curl --silent --show-error --fail')));
  }

  tryAddernet([name, ...args]) {
    const { status, stdout } = run(this.project, process.execPath, this.cli, name, '--help');
    if (status !== 0 || !stdout.includes(`addernet ${name}`)) return `there is no command ${name}`;
    const unknown = args.filter((arg) => /^--\w/.test(arg) && !stdout.includes(arg.replace(/=.*/, '')));
    if (unknown.length > 0) return `there is no option ${unknown.join(' ')}`;
    const needsNothing = ['info', 'models', 'predict'].includes(name) && args.every((arg) => !/\.\w+$/.test(arg) || arg === 'seven.png');
    return needsNothing ? problemOf(run(this.project, process.execPath, this.cli, name, ...args)) : '';
  }

  /** `// node NAME.mjs WORD [OPTIONAL]`: each word is given what it stands for. A server has done well if it still runs after 5 seconds. */
  async tryExample(file) {
    const source = readFileSync(file, 'utf8');
    const words = /node \S+\.mjs\b((?: [A-Z]+)*)/.exec(source)?.[1]?.match(/[A-Z]+/g) ?? [];
    const writes = words.includes('IMAGES');
    const value = (word) => {
      if (word === 'IMAGES') return this.makeImages();
      if (word === 'TRAINED') return 'resnet20-cifar10';
      if (word === 'WEIGHTS') return writes ? join(this.project, 'trained.safetensors') : 'lenet5-bn-mnist';
      return join(this.project, 'seven.png');
    };
    const child = spawn(process.execPath, [file, ...words.map(value)], { env: { ...process.env, WEIGHTS: 'lenet5-bn-mnist', PORT: '0' } });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        output += data;
      });
    const isServer = source.includes('.listen(');
    const timer = setTimeout(() => child.kill(), isServer ? 5000 : 300_000);
    const [status, signal] = await once(child, 'close');
    clearTimeout(timer);
    return isServer && signal === 'SIGTERM' ? '' : problemOf({ status, stdout: output, stderr: '' });
  }

  makeImages() {
    const folder = join(this.project, 'images');
    for (const name of ['cats', 'dogs']) {
      mkdirSync(join(folder, name), { recursive: true });
      for (let i = 0; i < 12; i++) copyFileSync(join(this.project, 'seven.png'), join(folder, name, `${i}.png`));
    }
    return folder;
  }

  /** The server that the pages talk to, with every network of the package. */
  async serve() {
    const { models } = require(this.root);
    const names = models.pretrainedModels();
    const stdio = ['ignore', 'pipe', 'inherit'];
    const child = spawn(process.execPath, [this.cli, 'serve', '--port', '0', '--weights', ...names], { cwd: this.project, stdio });
    const address = await new Promise((done) => {
      child.stdout.on('data', (data) => /http:\/\/[\d.:]+/.test(data) && done(/http:\/\/[\d.:]+/.exec(data)[0]));
      child.once('exit', () => done(undefined));
    });
    this.report('the server starts', address ? '' : 'it does not');
    return { address, stop: () => child.kill() };
  }
}

module.exports = { blocks, deadLinks, runProgram };

if (require.main === module) {
  const [, , project, ...compilers] = process.argv;
  const documentation = new Documentation(project, compilers);
  documentation.try().then(() => {
    process.exitCode = documentation.failures > 0 ? 1 : 0;
  });
}
