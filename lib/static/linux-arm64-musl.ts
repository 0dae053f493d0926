// `addernet/linux-arm64-musl`: the package with the path of its binary written out, which bundlers can follow.
import { useBinary } from '../binding';

useBinary(() => require('../../prebuilds/linux-arm64/addernet.musl.node'));

export * from '../index';
