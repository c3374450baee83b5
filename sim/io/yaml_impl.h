/*
 * yaml_impl.h - what the files of the YAML reader share.
 */
#ifndef IO_YAML_IMPL_H
#define IO_YAML_IMPL_H
#include <yaml.h>
#include "base/err.h"
#include "base/value.h"
#include "io/yaml.h"

/* From libyaml's two marks (lines and columns from 0) to ours.  What does not
 * end on its first line is underlined by one character. */
struct mark yaml_mark_between(const struct source *s, yaml_mark_t start,
                              yaml_mark_t end);

/* Say in plain words why parser stopped; not if it was for lack of memory.
 * open: the innermost list or mapping that is still open, or NULL. */
void yaml_explain(const yaml_parser_t *parser, const struct source *s,
                  const struct mark *open, struct err_list *errors);

/* If the line of m, or the one above it, holds a template's "{{", say so and
 * return true. */
bool yaml_explain_template(const struct mark *m, struct err_list *errors);

/* The key of a plain `<<`, told from a quoted one by its address. */
extern const char yaml_merge_key[];

/* Drop the members of m whose key was there before, with an error each.
 * Returns how many of the n stay.  brief: for what is needed meanwhile. */
size_t yaml_drop_repeats(struct arena *brief, struct member *m, size_t n,
                         struct err_list *errors);

/* The mapping, in a, of the n members at m, which are used up: repeats are
 * dropped, merge keys replaced by what they stand for. */
const struct value *yaml_close_map(struct arena *a, struct arena *brief,
                                   struct member *m, size_t n,
                                   const struct mark *mark,
                                   struct err_list *errors);

/* Append to out->allows the words of the allowing comments of its source. */
void yaml_find_allows(struct arena *a, struct yaml_stream *out);

#endif
