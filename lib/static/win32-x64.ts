// `addernet/win32-x64`: the package with the path of its binary written out, which bundlers can follow.
import { useBinary } from '../binding';

useBinary(() => require('../../prebuilds/win32-x64/addernet.node'));

export * from '../index';
