// `addernet/darwin-x64`: the package with the path of its binary written out, which bundlers can follow.
import { useBinary } from '../binding';

useBinary(() => require('../../prebuilds/darwin-x64/addernet.node'));

export * from '../index';
