// What the classes of the known data sets are called, in the order of their targets. CIFAR-100's names come with its files.
const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

export const classNames = {
  cifar10: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  mnist: digits,
  'fashion-mnist': ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
} as const;
