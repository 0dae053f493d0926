// How digits are written. A stroke is a list of points on a smooth curve, "x,y x,y ...", in a box from 0,0 (top left) to 100,100. A stroke of
// two points is straight.
/** x and y within the box of a glyph, 0 to 1, y downwards. */
export type Point = readonly [x: number, y: number];
/** The points that a pen passes without being lifted. */
export type Stroke = readonly Point[];
/** One way to write a digit. */
export type Glyph = readonly Stroke[];

/** Equally likely ways to write each digit. */
const ways: readonly (readonly (readonly string[])[])[] = [
  [['50,5 22,24 16,62 36,92 66,90 84,56 76,20 48,5']],
  [['52,5 50,95'], ['30,26 52,5', '52,5 50,95'], ['30,26 52,5', '52,5 50,95', '30,95 72,94']],
  [['20,28 36,8 66,9 76,30 58,58 20,93', '20,93 82,90'], ['20,25 40,7 70,10 74,36 50,66 26,90 16,82 32,75 56,88 86,88']],
  [
    ['22,16 48,5 74,20 66,40 42,46', '42,46 72,54 80,76 55,95 20,85'],
    ['22,8 76,8', '76,8 42,46', '42,46 72,54 80,76 55,95 20,85'],
  ],
  [
    ['26,8 20,55', '20,55 82,52', '68,10 64,95'],
    ['66,5 15,62', '15,62 86,60', '66,5 63,95'],
  ],
  [['76,8 30,8', '30,8 26,45', '26,45 54,38 80,58 72,84 46,95 20,85'], ['78,6 38,10 26,40 54,42 78,66 60,93 20,88']],
  [['68,5 40,25 22,60 30,88 55,95 75,78 68,56 45,52 25,70']],
  [
    ['18,10 80,8', '80,8 42,95'],
    ['18,10 80,8', '80,8 56,46 46,95'],
    ['18,10 80,8', '80,8 42,95', '36,50 74,48'],
  ],
  [['72,18 50,5 28,20 42,42 68,58 76,80 50,95 25,80 35,56 62,40 74,17'], ['50,5 29,24 50,46 71,25 48,5', '50,46 22,70 50,95 78,72 48,46']],
  [
    ['72,28 50,7 26,24 34,47 58,48 74,24', '74,20 70,60 60,95'],
    ['72,28 50,7 26,24 34,47 58,48 74,24', '74,20 76,60 60,90 30,92'],
  ],
];

const pointsOf = (stroke: string): Stroke =>
  stroke.split(' ').map((point) => point.split(',').map((coordinate) => Number(coordinate) / 100) as unknown as Point);

/** The glyphs of each digit, with coordinates from 0 to 1. */
export const glyphs: readonly (readonly Glyph[])[] = ways.map((glyphs) => glyphs.map((strokes) => strokes.map(pointsOf)));
