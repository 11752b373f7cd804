/** The zone that is known without the calendars of Node.js, which take 30 ms to load. */
export const UTC = 'UTC';
