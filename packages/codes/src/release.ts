/** RA60xx: release. */
export const release = {
} as const;
