// The class names of the known data sets in the order of their targets, as published by their authors. CIFAR-100's names come with its files.
const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const capitals = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const smallLetters = [...'abcdefghijklmnopqrstuvwxyz'];
/** Lowercase letters that do not look like their capitals. Each of the others shares a class with its capital. */
const distinctSmallLetters = [...'abdefghnqrt'];

/** Class names by the name of the data set. */
export const classNames = {
  cifar10: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  mnist: digits,
  'fashion-mnist': ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
  kmnist: ['お', 'き', 'す', 'つ', 'な', 'は', 'ま', 'や', 'れ', 'を'],
  emnist: smallLetters,
  'emnist-balanced': [...digits, ...capitals, ...distinctSmallLetters],
  'emnist-byclass': [...digits, ...capitals, ...smallLetters],
  'emnist-bymerge': [...digits, ...capitals, ...distinctSmallLetters],
  'emnist-digits': digits,
  'emnist-mnist': digits,
} as const;
