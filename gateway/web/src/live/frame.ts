/** Gather what arrives and hand it on once an animation frame (four times a second when hidden). */
export class FrameQueue<T> {
  private waiting: T[] = [];
  private scheduled = false;
  private readonly handle: (gathered: T[]) => void;

  constructor(handle: (gathered: T[]) => void) {
    this.handle = handle;
  }

  push(item: T): void {
    this.waiting.push(item);
    if (this.scheduled) return;
    this.scheduled = true;
    // A hidden page gets no animation frames, and must not pile up changes meanwhile.
    if (document.hidden) setTimeout(this.flush, 250);
    else requestAnimationFrame(this.flush);
  }

  private readonly flush = () => {
    this.scheduled = false;
    const gathered = this.waiting;
    this.waiting = [];
    this.handle(gathered);
  };
}
