import { captionWords } from '../model/tokenizer.ts'

/**
 * The caption in force: what the prompt said, as far as later events have not changed it, then the events, newest
 * last: ("a snowy forest at dusk", ["it starts to rain", "night falls"]) -> "a snowy forest, it starts to rain, night
 * falls".
 *
 * Time of day and weather exist once: an event that speaks of one replaces earlier words about it. All other events
 * stay. When the model's caption length is short, the oldest events go first, then the end of the prompt: the newest
 * event is always heard.
 */
export function captionInForce(prompt: string, events: readonly string[], maxWords = 24): string {
  const spoken = events.map((event) => event.trim()).filter((event) => event !== '')
  const changed = TOPICS.filter((topic) => spoken.some((event) => topic.words.test(event)))
  const scene = changed.reduce((text, topic) => text.replaceAll(topic.phrase, ''), prompt)
  const inForce = spoken.filter((event, i) => !isReplaced(event, spoken.slice(i + 1)))
  return fit(tidy(scene), inForce, maxWords)
}

interface Topic {
  /** Any word of the topic, to tell what an event is about. */
  words: RegExp
  /** What to take out of the prompt: the words of the topic with preposition, article and adverb. */
  phrase: RegExp
}

const HOURS = [
  'dawn|daybreak|sunrise|morning|noon|midday|daytime|daylight|day|afternoon',
  'dusk|sunset|twilight|evening|night|nighttime|midnight|moonlight',
].join('|')
// "snow" alone and "snowy" are a kind of land; they are weather only when it falls.
const WEATHER_NOUNS = 'rain|rainfall|drizzle|snowfall|snowstorm|blizzard|storm|thunderstorm|thunder|fog|mist|sunshine'
const WEATHER_ADJECTIVES = 'rainy|stormy|foggy|misty|sunny|overcast|cloudy'

const TIME: Topic = {
  words: new RegExp(`\\b(${HOURS}|sun (rises|sets|goes down)|moon rises|(gets?|becomes?) (dark|bright))\\b`, 'i'),
  phrase: anyOf([
    `(early |late )?((at|in|by|during|on) )?((an?|the|early|late|deep|bright) )*\\b(${HOURS})\\b( sky| light)?`,
    'under (a|the) ((blue|night) sky|moon|stars)',
    'in bright light',
    'in the dark(?=,|$)',
  ]),
}

const WEATHER: Topic = {
  words: anyOf(
    [
      `${WEATHER_NOUNS}|${WEATHER_ADJECTIVES}|raining|snowing|drizzling|rains|snows|weather|clouds`,
      '(to|the) snow|snow (begins|starts|stops|falls)|sky clears|clear sky|sun comes out',
    ],
    'i',
  ),
  phrase: anyOf([
    '(it is )?(raining|snowing|drizzling)',
    'snow is falling|(in )?falling snow',
    `((in|under|with|during|and) )?((an?|the|heavy|light|thick|no) )*(${WEATHER_NOUNS})( is falling)?`,
    `((in|with) )?(${WEATHER_ADJECTIVES}|snowy|clear|fine|bad) (weather|skies)`,
    '((under|with) )?((an?|the) )?clear sky',
    WEATHER_ADJECTIVES,
  ]),
}

const TOPICS: readonly Topic[] = [TIME, WEATHER]

/** Whole words that match one of the patterns, earlier ones first. */
function anyOf(patterns: readonly string[], flags = 'gi'): RegExp {
  return new RegExp(`\\b(${patterns.map((pattern) => `(${pattern})`).join('|')})\\b`, flags)
}

/** An event is over once every topic it speaks of was spoken of again. */
function isReplaced(event: string, later: readonly string[]): boolean {
  const topics = TOPICS.filter((topic) => topic.words.test(event))
  return topics.length > 0 && topics.every((topic) => later.some((other) => topic.words.test(other)))
}

function fit(scene: string, events: readonly string[], maxWords: number): string {
  const count = (texts: readonly string[]) => texts.reduce((sum, text) => sum + captionWords(text).length, 0)
  const kept = [...events]
  while (kept.length > 1 && count([scene, ...kept]) > maxWords) kept.shift()
  const room = Math.max(0, maxWords - count(kept))
  const words = scene.split(/\s+/)
  while (words.length > 0 && count(words) > room) words.pop()
  return [tidy(words.join(' ')), ...kept].filter((part) => part !== '').join(', ')
}

/** Mends what taking words out leaves behind: double blanks, lonely commas, an article before nothing. */
function tidy(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?,( ?,)*/g, ',')
    .replaceAll(/\b(an?|the)(?=,|$)/gi, '')
    .replaceAll(/^[\s,]+|[\s,]+$/g, '')
}
