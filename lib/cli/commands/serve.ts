import { type Command, Option } from 'commander';
import { checkUsage } from '../option-rules';
import * as values from '../option-values';
import { threads } from './options';

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description(
      'serve networks over HTTP: Open Inference Protocol v2, images, metrics, and a page to try them; ADDERNET_TOKEN sets a bearer token',
    )
    .option('--weights <files...>', 'weights files or names of bundled networks, each optionally as NAME=FILE')
    .option('--host <address>', 'the address to listen on; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--port <n>', 'the port; 0 takes any that is free', values.port, 8080)
    .option('--grpc-port <n>', 'the port for the same protocol over gRPC (default: none)', values.port)
    .addOption(threads())
    .option('--max-batch <n>', 'the most images that run together', values.positiveInteger, 32)
    .option('--max-delay <ms>', 'how long an idle network waits for more images', values.notNegative, 0)
    .option('--max-queue <n>', 'the most images that wait for a network; more are answered with 503', values.positiveInteger, 256)
    .option('--max-body <bytes>', 'the largest body of a request', values.positiveInteger, 8 << 20)
    .option('--max-pixels <n>', 'the most pixels of an image', values.positiveInteger, 25_000_000)
    .option('--max-connections <n>', 'the most connections at a time', values.positiveInteger, 1000)
    .option('--timeout <ms>', 'how long a request may take to arrive, and how long it may wait', values.positiveInteger, 10_000)
    .option('--drain <ms>', 'at SIGTERM, how long to report not ready before connections close', values.notNegative, 0)
    .addOption(
      new Option('--log-level <level>', 'the level of the JSON log').choices(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
    );
  checkUsage(command, {
    required: ['weights'],
    rules: [
      {
        options: ['grpcPort'],
        apply: ({ port, grpcPort }: { port: number; grpcPort: number }) => grpcPort === 0 || grpcPort !== port,
        only: 'to another port than --port, which serves HTTP',
      },
    ],
  });
  command.action(async (options) => (await import('../serve.js')).serve(options));
}
