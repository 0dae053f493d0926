import { type Command, Option } from 'commander';
import { checkUsage } from '../option-rules';
import * as values from '../option-values';
import { threads } from './options';

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description(
      'serve networks over HTTP: Open Inference Protocol v2, images, metrics, and a page for trying them; ADDERNET_TOKEN sets a bearer token',
    )
    .option('--weights <files...>', 'weights files or names of bundled networks, each optionally as NAME=FILE')
    .option('--host <address>', 'the address to listen on; 0.0.0.0 accepts connections from other machines', '127.0.0.1')
    .option('--port <n>', 'the port; 0 takes any free port', values.port, 8080)
    .option('--grpc-port <n>', 'the port for the same protocol over gRPC (default: none)', values.port)
    .addOption(threads())
    .option('--max-batch <n>', 'the largest number of images that run together', values.positiveInteger, 32)
    .option('--max-delay <ms>', 'how long an idle network waits for more images', values.notNegative, 0)
    .option(
      '--max-queue <n>',
      'the largest number of images that wait for a network; more are answered with 503',
      values.positiveInteger,
      256,
    )
    .option('--max-body <bytes>', 'the largest body of a request, in bytes', values.positiveInteger, 8 << 20)
    .option(
      '--max-in-flight <bytes>',
      'the largest sum of the bytes of all bodies that are held; at least --max-body (default: 256 MiB, or an eighth of the memory of the container)',
      values.positiveInteger,
    )
    .option('--max-pixels <n>', 'the largest number of pixels of an image', values.positiveInteger, 25_000_000)
    .option(
      '--max-decoding <bytes>',
      'the largest sum of the memory of all images that are decoded at a time (default: 1 GiB, or an eighth of the memory of the container)',
      values.positiveInteger,
    )
    .option('--max-connections <n>', 'the largest number of simultaneous connections', values.positiveInteger, 1000)
    .option('--timeout <ms>', 'how long a request may take to arrive, and how long it may wait', values.positiveInteger, 10_000)
    .option('--drain <ms>', 'after SIGTERM, how long to report not ready before connections close', values.notNegative, 0)
    .option(
      '--grace <ms>',
      'after that, how long accepted requests may go on before connections close by force',
      values.notNegative,
      10_000,
    )
    .option(
      '--allow-host <names...>',
      'without a token: host names of requests, besides IP addresses, localhost and the name of the machine',
    )
    .addOption(
      new Option('--log-level <level>', 'the level of the JSON log').choices(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
    );
  checkUsage(command, {
    required: ['weights'],
    rules: [
      {
        options: ['grpcPort'],
        apply: ({ port, grpcPort }: { port: number; grpcPort: number }) => grpcPort === 0 || grpcPort !== port,
        only: 'to a port other than --port, which serves HTTP',
      },
    ],
  });
  command.action(async (options) => (await import('../serve.js')).serve(options));
}
