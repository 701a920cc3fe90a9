// One picture, large. Left and right turn through all pictures of the page, Escape closes.

import { find } from './dom.js';
import { closeOnBackdrop } from './notices.js';
import { download, media } from './studio-pictures.js';
import { excerpt } from './words.js';

const dialog = find('#lightbox');
const stage = find('#lightbox-stage');

/// The lightbox of a page. `all()` lists its pictures, newest generation first, as `{ id, prompt, output }`.
export class Lightbox {
  #all;
  #shown = null;

  constructor(all) {
    this.#all = all;
    closeOnBackdrop(dialog);
    stage.addEventListener('click', (event) => event.target === stage && dialog.close());
    find('#lightbox-previous').addEventListener('click', () => this.#turn(-1));
    find('#lightbox-next').addEventListener('click', () => this.#turn(1));
    find('#lightbox-download').addEventListener('click', () => download(this.#shown.output, this.#shown.prompt));
    dialog.addEventListener('keydown', (event) => {
      const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (turn) this.#turn(turn);
    });
    dialog.addEventListener('close', () => {
      stage.replaceChildren();
      this.#origin()?.focus();
    });
  }

  /// Opens on one picture of a generation.
  open(id, index) {
    this.#show(this.#all().find((picture) => picture.id === id && picture.output.index === index));
    if (!dialog.open) dialog.showModal();
  }

  #turn(by) {
    const all = this.#all();
    const place = all.findIndex(({ output }) => output.url === this.#shown.output.url);
    const next = all[place + by];
    if (next) this.#show(next);
  }

  #show(picture) {
    if (!picture) return;
    this.#shown = picture;
    const all = this.#all();
    const place = all.findIndex(({ output }) => output.url === picture.output.url);
    stage.replaceChildren(media(picture.output, excerpt(picture.prompt, 300), { eager: true }));
    find('#lightbox-place').textContent = `${place + 1} of ${all.length}`;
    find('#lightbox-prompt').textContent = picture.prompt;
    find('#lightbox-previous').disabled = place <= 0;
    find('#lightbox-next').disabled = place >= all.length - 1;
  }

  /// The picture in the page that was shown last, to give the focus back to.
  #origin() {
    const { id, output } = this.#shown;
    const buttons = document.querySelectorAll(`[data-id="${CSS.escape(id)}"] .picture`);
    return buttons[Math.min(output.index, buttons.length - 1)];
  }
}
