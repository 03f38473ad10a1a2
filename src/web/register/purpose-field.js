/** The choice of what a stream is analysed for, in the server's own words; what it refuses cannot be chosen. */
import { PURPOSES } from '../documents.js';
import { humanize } from '../format.js';
import { mien } from '../graphql-client.js';
import { find, setText } from '../page/dom.js';

/** @param {HTMLFormElement} form */
export async function offerPurposes(form) {
  const select = find('[name=purpose]', HTMLSelectElement, form);
  if (select.options.length > 0) return;
  const { __type, refusedPurposes } = await mien.request(PURPOSES);
  const options = (__type?.enumValues ?? []).map(({ name, description }) => {
    const refused = refusedPurposes.some((one) => one === name);
    const option = new Option(refused ? `${humanize(name)} (refused by this server)` : humanize(name), name);
    option.disabled = refused;
    option.dataset.about = description ?? '';
    return option;
  });
  select.replaceChildren(new Option('Choose…', ''), ...options);
  tellRefused(form, refusedPurposes);
}

/** What the chosen one means. @param {HTMLFormElement} form */
export function explainPurpose(form) {
  const [chosen] = find('[name=purpose]', HTMLSelectElement, form).selectedOptions;
  setText(find('#purpose-about', HTMLElement, form), chosen?.dataset.about ?? '');
}

/**
 * @param {HTMLFormElement} form
 * @param {readonly string[]} refused
 */
function tellRefused(form, refused) {
  const place = find('#purposes-refused', HTMLElement, form);
  place.hidden = refused.length === 0;
  const names = refused.map(humanize).join(' and ');
  setText(
    place,
    `${names} ${refused.length === 1 ? 'is' : 'are'} refused by this server: inferring emotions there is prohibited in the European Union (AI Act, article 5(1)(f)) but for medical or safety reasons. Whoever is entitled to it has it allowed by MIEN_ALLOW_PURPOSES.`,
  );
}
