// Offers all of a list as a file: every page of it, under the filters that are set.

import { save } from './download.js';
import { notice } from './notices.js';

/// Gives the buttons within `place` their work. `asked()` tells the `path` of the list and the `query` with its filters, and
/// the `problem` with them if one cannot be read: nothing is saved then, since it would be more than was asked for.
export function offerExport(place, client, asked) {
  for (const button of place.querySelectorAll('button')) {
    button.addEventListener('click', () => {
      const { path, query = '', problem } = asked();
      if (problem) return notice(problem, { bad: true });
      const all = new URLSearchParams(query);
      all.set('format', button.dataset.format);
      return save(client, `${path}?${all}`, null, button);
    });
  }
}
