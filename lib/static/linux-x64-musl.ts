// `addernet/linux-x64-musl`: the package with the path of its binary written out, which bundlers can follow.
import { useBinary } from '../binding';

useBinary(() => require('../../prebuilds/linux-x64/addernet.musl.node'));

export * from '../index';
