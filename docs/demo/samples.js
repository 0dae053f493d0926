// Images to click on, drawn for this page: strokes of digits, as SVG paths on a paper of 280 x 280, and files of what the photos' networks know.
export const digitStrokes = {
  0: 'M140 50C95 50 80 100 80 140C80 190 100 230 140 230C180 230 200 190 200 140C200 95 182 50 140 50',
  1: 'M108 88L150 50L148 230',
  2: 'M85 95C90 60 120 48 145 50C185 53 205 90 185 125C165 160 110 190 82 226L205 224',
  3: 'M90 70C115 45 190 45 188 92C186 125 155 133 130 134C165 134 200 150 198 186C196 235 115 245 84 208',
  4: 'M112 52L80 152L208 148M178 60L164 232',
  5: 'M195 55L105 57L96 130C130 112 200 118 200 172C200 235 120 245 84 212',
  6: 'M180 50C120 75 84 130 86 180C88 240 190 245 194 185C196 135 115 130 90 180',
  7: 'M80 60L204 56C175 110 140 170 125 232',
  8: 'M140 135C90 120 90 50 140 50C190 50 190 120 140 135C80 152 78 230 140 230C202 230 200 152 140 135',
  9: 'M195 95C190 40 95 40 92 100C90 155 175 155 195 95C196 140 190 190 184 232',
};

export const photos = [
  { file: 'samples/ship.svg', className: 'ship' },
  { file: 'samples/airplane.svg', className: 'airplane' },
  { file: 'samples/frog.svg', className: 'frog' },
  { file: 'samples/car.svg', className: 'automobile' },
  { file: 'samples/bird.svg', className: 'bird' },
  { file: 'samples/horse.svg', className: 'horse' },
  { file: 'samples/deer.svg', className: 'deer' },
  { file: 'samples/truck.svg', className: 'truck' },
];

/** The points of each stroke of an SVG path. */
export function strokesOf(path) {
  return path.match(/M[^M]+/g).map((stroke) => {
    const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    line.setAttribute('d', stroke);
    const length = line.getTotalLength();
    const count = Math.ceil(length / 6);
    return Array.from({ length: count + 1 }, (_, i) => line.getPointAtLength((length * i) / count)).map(({ x, y }) => [x, y]);
  });
}
