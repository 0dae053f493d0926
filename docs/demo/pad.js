// Paper for digits: strokes of a pointer, or of the arrow keys and space.
import { drawStrokes } from './picture.js';

const size = 280;
const margin = 10;
const pixels = 8; // that a press of an arrow key moves the pen

export class Pad {
  #canvas;
  #context;
  #strokes = [];
  #pen = { x: size / 2, y: size / 2, isDown: false };
  #hasKeys = false; // the pen is shown to those who move it with keys
  #onChange;

  /** @param onChange is called with the strokes, and whether the last one is complete */
  constructor(canvas, onChange) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    this.#onChange = onChange;
    this.#context.scale(canvas.width / size, canvas.height / size);
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, (event) => this.#up(event));
    canvas.addEventListener('keydown', (event) => this.#key(event));
    for (const kind of ['focus', 'blur'])
      canvas.addEventListener(kind, () => {
        this.#hasKeys = kind === 'focus' && canvas.matches(':focus-visible');
        if (kind === 'blur') this.#raise();
        this.#paint();
      });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#paint());
    this.#paint();
  }

  get strokes() {
    return this.#strokes;
  }

  set strokes(strokes) {
    this.#strokes = strokes;
    this.#pen = { x: size / 2, y: size / 2, isDown: false };
    this.#paint();
  }

  undo() {
    this.#strokes = this.#strokes.slice(0, -1);
    this.#pen.isDown = false;
    this.#changed(true);
  }

  #down(event) {
    if (event.button !== 0) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#hasKeys = false;
    this.#lower(this.#positionOf(event));
  }

  #move(event) {
    if (!this.#pen.isDown || !this.#canvas.hasPointerCapture(event.pointerId)) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length > 0 ? events : [event]) this.#strokes.at(-1).push(this.#positionOf(each));
    this.#changed(false);
  }

  #up(event) {
    if (this.#canvas.hasPointerCapture(event.pointerId)) this.#raise();
  }

  #key(event) {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
    if (dx === undefined && event.key !== ' ') return;
    event.preventDefault();
    this.#hasKeys = true;
    if (dx === undefined) return this.#pen.isDown ? this.#raise() : this.#lower([this.#pen.x, this.#pen.y]);
    const inside = (value) => Math.min(size - margin, Math.max(margin, value));
    Object.assign(this.#pen, { x: inside(this.#pen.x + pixels * dx), y: inside(this.#pen.y + pixels * dy) });
    if (!this.#pen.isDown) return this.#paint();
    this.#strokes.at(-1).push([this.#pen.x, this.#pen.y]);
    this.#changed(false);
  }

  #lower(position) {
    this.#pen.isDown = true;
    this.#strokes = [...this.#strokes, [position]];
    this.#changed(false);
  }

  #raise() {
    if (!this.#pen.isDown) return;
    this.#pen.isDown = false;
    this.#changed(true);
  }

  #changed(isComplete) {
    this.#paint();
    this.#onChange(this.#strokes, isComplete);
  }

  #positionOf({ clientX, clientY }) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return [((clientX - left) * size) / width, ((clientY - top) * size) / height];
  }

  #paint() {
    this.#context.clearRect(0, 0, size, size);
    drawStrokes(this.#context, this.#strokes, getComputedStyle(this.#canvas).color, 18);
    if (!this.#hasKeys) return;
    this.#context.beginPath();
    this.#context.arc(this.#pen.x, this.#pen.y, 9, 0, 2 * Math.PI);
    Object.assign(this.#context, { lineWidth: 3, strokeStyle: '#d55e00', fillStyle: '#d55e00' });
    if (this.#pen.isDown) this.#context.fill();
    else this.#context.stroke();
  }
}
