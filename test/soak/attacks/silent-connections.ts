// 1,000 connections that never send a byte, opened at 250 per second.
import type { Attack } from '../attack';
import { keepOpen, openSocket } from '../sockets';

export const attack: Attack = (target, tally) => (signal) =>
  keepOpen(() => openSocket(target, target.port, tally), { count: 1000, perSecond: 250 }, signal);
