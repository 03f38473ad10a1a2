/**
 * The words of `/notice`: what people who are filmed are told (EU AI Act art. 50(3), GDPR art. 13). It needs no JavaScript, and
 * says plainly what the operator has not said.
 */
import type { Purpose } from '../../domain/stream.ts';

/** What the operator says in settings; null: nothing. */
export interface NoticeSettings {
  /** Who is responsible. */
  controller: string | null;
  /** Whom to ask: an e-mail address, an address of a page, or words. */
  contact: string | null;
  /** Their own notice, which says what mien cannot know. */
  url: string | null;
}

export interface NoticeFacts extends NoticeSettings {
  /** Of the streams that are registered; null: the database does not answer. */
  purposes: readonly Purpose[] | null;
  /** The longest that any of them keeps what is recorded, in hours; null: nothing is deleted by itself. */
  longestRetention: number | null;
  /** Whether the picture of any of them may be looked at while it runs; null: the database does not answer. */
  isSeen: boolean | null;
  /** Whether other programs are told what is measured; null: the database does not answer. */
  hasOutputs: boolean | null;
}

const PURPOSES: Record<Purpose, string> = {
  RESEARCH: 'research (scientific, user experience or market research)',
  MEDIA_ANALYTICS: 'analysing published media',
  ACCESSIBILITY: 'helping people to perceive or to show expressions',
  ENTERTAINMENT: 'games, art and installations',
  MEDICAL: 'medical use',
  SAFETY: 'safety, such as noticing a tired driver',
  WORKPLACE: 'people at work (an exception for medical or safety reasons, which the operator has claimed)',
  EDUCATION:
    'people in education (an exception for medical or safety reasons, which the operator has claimed)',
};

export function noticePage(facts: NoticeFacts): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Facial expressions are analysed here</title>
  <link rel="icon" href="web/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="web/style.css">
  <link rel="stylesheet" href="web/notice.css">
</head>
<body>
<main class="notice">
  <h1>Facial expressions are analysed here</h1>
  <p>Cameras or recordings are analysed by a computer program, called mien. For each face it estimates what expression the face
  <em>appears</em> to have. This page is for everybody whose face may be seen.</p>
${[who(facts), what(facts), why(facts), howLong(facts), whoElse(facts), meaning(), rights(facts)].join('\n')}
  <footer class="quiet">
    <p>Information under article 50(3) of Regulation (EU) 2024/1689 (AI Act) and article 13 of Regulation (EU) 2016/679 (GDPR).</p>
  </footer>
</main>
</body>
</html>
`;
}

function section(title: string, ...paragraphs: string[]): string {
  return `  <section>\n    <h2>${title}</h2>\n${paragraphs.map((text) => `    ${text}`).join('\n')}\n  </section>`;
}

function who({ controller, contact, url }: NoticeSettings): string {
  const missing = [
    ...(controller === null ? ['who they are'] : []),
    ...(contact === null ? ['whom to ask'] : []),
  ];
  return section(
    'Who is responsible, and whom to ask',
    ...(controller === null ? [] : [`<p>Responsible: <strong>${escapeHtml(controller)}</strong></p>`]),
    ...(contact === null ? [] : [`<p>Questions and requests: ${linked(contact)}</p>`]),
    ...(missing.length === 0
      ? []
      : [
          `<p class="alert">Whoever runs this server has not said here ${missing.join(' and ')}. Ask the people in charge of the place where you are filmed; they have to tell you.</p>`,
        ]),
    ...(url === null
      ? [
          '<p>This page does not say on what legal basis this is done, who else gets the results, or who the data protection officer is: that is for whoever is responsible to say.</p>',
        ]
      : [
          `<p>More, such as the legal basis and who else gets the results: <a href="${escapeHtml(url)}" rel="noreferrer">${escapeHtml(url)}</a></p>`,
        ]),
  );
}

function what({ isSeen }: Pick<NoticeFacts, 'isSeen'>): string {
  return section(
    'What is analysed, and what is kept',
    '<p>Of each face in the picture numbers are kept, with the time: where it is, 68 points of its outline, which way it is turned, how far groups of facial muscles appear to be moved, and scores for eight apparent expressions (neutral, happiness, surprise, sadness, anger, disgust, fear, contempt) and for how pleasant and how lively it appears.</p>',
    '<p><strong>No pictures of a camera or of a live stream are kept</strong>, and no sound is analysed. A recording that somebody handed over as a file stays a file until it is removed.</p>',
    ...(isSeen === false
      ? []
      : [
          `<p>${isSeen ? 'The picture of some cameras' : 'The picture of a camera, where that was allowed,'} can be looked at on this server while it is analysed, by people who were let in. It is shown, in colour where the camera has it, and forgotten.</p>`,
        ]),
    '<p><strong>Nobody is identified.</strong> The program knows no names, compares no face with any other recording, and follows a face only while it stays in view: after that, the same person is a new number.</p>',
  );
}

function why({ purposes }: Pick<NoticeFacts, 'purposes'>): string {
  const title = 'What for';
  if (purposes === null)
    return section(
      title,
      '<p class="alert">The purposes cannot be looked up at the moment. Open this page again later.</p>',
    );
  if (purposes.length === 0) return section(title, '<p>Nothing is set up to be analysed at the moment.</p>');
  const items = purposes.map((purpose) => `<li>${PURPOSES[purpose]}</li>`).join('');
  return section(
    title,
    `<ul class="points">${items}</ul>`,
    '<p>These are the purposes that were stated when the cameras and recordings were set up. The program itself takes no decision about anybody.</p>',
  );
}

function howLong({ purposes, longestRetention: hours }: NoticeFacts): string {
  const title = 'How long it is kept';
  if (purposes === null)
    return section(
      title,
      '<p class="alert">This cannot be looked up at the moment. Open this page again later.</p>',
    );
  if (hours === null)
    return section(
      title,
      '<p>The results are not deleted after a fixed time: they are kept until whoever is responsible deletes them. Ask them when that is.</p>',
    );
  const late = hours % 24 === 0 ? 'a day and two hours' : 'two hours';
  return section(
    title,
    `<p>The results are deleted after <strong>${inWords(hours)}</strong> at the latest; the deletion may take up to ${late} longer. Those who are responsible may delete them earlier.</p>`,
  );
}

/** Of outputs; nothing where there are none: who reads here, whoever is responsible has to say. */
function whoElse({ hasOutputs, url }: Pick<NoticeFacts, 'hasOutputs' | 'url'>): string {
  if (hasOutputs === false) return '';
  const title = 'Where else it goes';
  if (hasOutputs === null)
    return section(
      title,
      '<p class="alert">Whether other programs are told the results cannot be looked up at the moment. Open this page again later.</p>',
    );
  const ask =
    url === null
      ? 'ask whoever is responsible'
      : `read what <a href="${escapeHtml(url)}" rel="noreferrer">whoever is responsible</a> says, or ask them`;
  return section(
    title,
    '<p><strong>The results are sent to other programs, too, as soon as they are made</strong>: numbers and words such as “apparent happiness began”, and no picture.</p>',
    `<p>What those programs keep is not deleted by this server, nor after the time above. To know which they are and how long they keep it, ${ask}.</p>`,
  );
}

function meaning(): string {
  return section(
    'What the scores mean, and what they do not',
    '<p>A score says how much a face <em>looks like</em> faces that people called, for example, happy. <strong>It does not say what somebody feels, thinks, wants or is.</strong> People smile when they are sad, and look stern when they read.</p>',
    '<p>The scores are often wrong, more so of faces that are small, turned, covered or badly lit. The models that come with mien learned mostly from pictures of light-skinned adults; how well they read people of different ages, genders and skin tones was not measured.</p>',
    '<p>Nobody should be judged, chosen or refused by these scores.</p>',
  );
}

function rights({ contact }: Pick<NoticeSettings, 'contact'>): string {
  const ask = contact === null ? 'whoever is responsible' : linked(contact);
  return section(
    'Your rights',
    '<p>Under the GDPR you may ask what is kept about you, and for a copy of it; have it corrected or erased; have its use limited; object to it; and, where you agreed to it, withdraw that at any time, for the future. You may complain to a data protection authority.</p>',
    `<p>Ask ${ask}. Because nobody is identified, say where you were and when, as exactly as you can: what was recorded in that time can then be found, shown to you and erased.</p>`,
  );
}

/** An e-mail address and an address of a page can be followed. */
function linked(text: string): string {
  const shown = escapeHtml(text);
  if (/^[^\s@<>"]+@[^\s@<>"]+$/.test(text)) return `<a href="mailto:${shown}">${shown}</a>`;
  if (/^https?:\/\/\S+$/.test(text)) return `<a href="${shown}" rel="noreferrer">${shown}</a>`;
  return shown;
}

function inWords(hours: number): string {
  const [count, unit] = hours % 24 === 0 ? [hours / 24, 'day'] : [hours, 'hour'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}
