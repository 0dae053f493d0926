// What compiling the native part needs and this machine lacks, before cmake-js says it in its own way. `node scripts/check-toolchain.cjs`
// prints one line and exits with 1; `npm run build`, `npm run prebuilds` and `addernet rebuild` begin with it.
const { spawnSync } = require('node:child_process');

const { platform } = process;
const runs = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;
const hasCompiler = () =>
  platform === 'win32' || // CMake finds Visual Studio, which stands in no PATH
  (platform === 'darwin'
    ? runs('xcode-select', '-p')
    : [process.env.CXX, 'c++', 'g++', 'clang++'].some((name) => name && runs(name, '--version')));
const hasMake = () => platform === 'win32' || runs('ninja', '--version') || runs('make', '--version');

const install = {
  darwin: 'xcode-select --install; brew install cmake',
  win32: 'winget install Kitware.CMake Microsoft.VisualStudio.2022.BuildTools (in it, "C++ Clang tools")',
  other:
    'Debian, Ubuntu: apt-get install cmake g++ make; Fedora: dnf install cmake gcc-c++ make; Alpine: apk add cmake g++ make linux-headers',
};

/**
 * One line that names what is missing and the command that installs it; undefined if nothing is.
 * @param {boolean} [crossing] for arm64 Linux on another machine
 * @returns {string | undefined}
 */
function missingToolchain(crossing = false) {
  const missing = [
    ...(runs('cmake', '--version') ? [] : ['CMake']),
    ...(hasCompiler() ? [] : ['a C++ compiler']),
    ...(hasMake() ? [] : ['make or ninja']),
  ];
  if (missing.length > 0) {
    const names = missing.length > 1 ? `${missing.slice(0, -1).join(', ')} and ${missing.at(-1)}, which are` : `${missing[0]}, which is`;
    return `compiling addernet needs ${names} not here. ${install[platform] ?? install.other}`;
  }
  if (crossing && !runs('aarch64-linux-gnu-g++', '--version'))
    return 'the binary for arm64 needs the cross compiler aarch64-linux-gnu-g++, which is not here. Debian, Ubuntu: apt-get install g++-aarch64-linux-gnu';
  return undefined;
}

module.exports = { missingToolchain };

if (require.main === module) {
  const missing = missingToolchain();
  if (missing) {
    console.error(missing);
    process.exitCode = 1;
  }
}
