/** RA11xx: configuration. */
export const configuration = {
} as const;
