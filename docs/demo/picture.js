// A picture is what an engine classifies: `source`, a file or pixels, as the library takes them; `drawable`, the same for a canvas; and whether
// it is dark on light where the network knows light on dark.

/** @throws {Error} in words, if the browser reads no image in it */
export async function pictureOfFile(file, isDigit) {
  const url = URL.createObjectURL(file);
  const image = new Image();
  image.src = url;
  await image.decode().catch(() => {
    URL.revokeObjectURL(url);
    throw new Error(`${file.name ? `“${file.name}”` : 'This'} is not an image that the browser can read.`);
  });
  // Vector graphics have no pixels, and workers do not draw them.
  const source = file.type === 'image/svg+xml' ? pixelsOfGraphic(image) : file;
  const invert = isDigit && hasLightBorder(scaled(image, 28, 28));
  return { source, drawable: image, invert, url };
}

/** Digits of MNIST fill the middle 20 of 28 pixels, with lines of about two. Four times as many are fine enough, and fast. */
export function pictureOfStrokes(strokes) {
  const [size, box, line] = [28, 20, 2.2].map((pixels) => 4 * pixels);
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = '#fff';
  context.fillRect(0, 0, size, size);
  const points = strokes.flat();
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = (box - line) / Math.max(right - left, bottom - top, 40);
  context.translate(size / 2, size / 2);
  context.scale(scale, scale);
  context.translate(-(left + right) / 2, -(top + bottom) / 2);
  drawStrokes(context, strokes, '#000', line / scale);
  return { source: context.getImageData(0, 0, size, size), drawable: canvas, invert: true };
}

export function drawStrokes(context, strokes, color, width) {
  Object.assign(context, { strokeStyle: color, lineWidth: width, lineCap: 'round', lineJoin: 'round' });
  for (const [first, ...others] of strokes) {
    context.beginPath();
    context.moveTo(...first);
    for (const point of others.length > 0 ? others : [first]) context.lineTo(...point);
    context.stroke();
  }
}

/** The middle of a picture at a network's input size, as ImageData. */
export function scaled(drawable, width, height) {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  drawCovering(context, drawable, width, height);
  return context.getImageData(0, 0, width, height);
}

export function drawCovering(context, drawable, width, height) {
  const [w, h] = sizeOf(drawable);
  const scale = Math.max(width / w, height / h);
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(drawable, (width - w * scale) / 2, (height - h * scale) / 2, w * scale, h * scale);
}

/** A graphic may be without a size. */
const sizeOf = ({ naturalWidth, naturalHeight, width, height }) =>
  [naturalWidth ?? width, naturalHeight ?? height].map((size) => size || 256);

function pixelsOfGraphic(image) {
  const [w, h] = sizeOf(image);
  const scale = 256 / Math.min(w, h);
  return scaled(image, Math.min(2048, Math.round(w * scale)), Math.min(2048, Math.round(h * scale)));
}

/** Of ink on paper. */
function hasLightBorder({ data, width, height }) {
  let [sum, count] = [0, 0];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (x === 0 || y === 0 || x === width - 1 || y === height - 1) {
        const at = 4 * (y * width + x);
        sum += (data[at] + data[at + 1] + data[at + 2]) / 3;
        count++;
      }
  return sum / count > 127;
}
