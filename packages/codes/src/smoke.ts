/** RA40xx: smoke. */
export const smoke = {
} as const;
