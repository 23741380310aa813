/** RA30xx: deploy. */
export const deploy = {
} as const;
