throw new Error("the search index of version 7 cannot be read by this build");
export const answer = undefined;
