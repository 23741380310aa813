/** RA90xx: rehearsal. */
export const rehearsal = {
} as const;
