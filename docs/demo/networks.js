// The networks that this page runs: of each subject the one that answers first, and those that it is compared with.
export const networks = {
  digits: [
    { name: 'lenet5-bn-mnist-8bit', label: 'Adder, 8 bits' },
    { name: 'lenet5-bn-mnist', label: 'Adder, float' },
  ],
  photos: [
    { name: 'resnet20-cifar10-8bit', label: 'Adder, 8 bits' },
    { name: 'resnet20-cifar10', label: 'Adder, float' },
    { name: 'resnet20-cifar10-2x2-8bit', label: 'Adder 2×2, 8 bits' },
    { name: 'resnet20-cifar10-conv', label: 'CNN, float' },
  ],
};

/** What each subject's networks tell apart. */
export const classNames = {
  digits: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  photos: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
};
