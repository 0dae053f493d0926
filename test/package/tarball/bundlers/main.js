// What bundlers are given: the plain entry, with a network of the package, or of NETWORK where the package is not.
import { AdderNetError, compile, cpuInfo, load, Tensor } from 'addernet';

async function main() {
  const session = await compile(await load(process.env.NETWORK || 'lenet5-bn-mnist'));
  const y = await session.run(Tensor.zeros([1, 28, 28, 1]));
  console.log(`bundled: ${y.shape} on ${cpuInfo().isa}`);
}
main().catch((error) => {
  console.log(error instanceof AdderNetError && error.code, error.message);
  process.exitCode = 1;
});
