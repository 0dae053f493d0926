// All parsers, by name.
import { dataTargets } from './data-targets';
import { fileTargets } from './file-targets';
import { grpcTargets } from './grpc-targets';
import { lockTarget } from './lock-target';
import { protocolTargets } from './protocol-targets';
import type { Target } from './target';

export const targets: readonly Target[] = [...fileTargets, lockTarget, ...dataTargets, ...protocolTargets, ...grpcTargets];
