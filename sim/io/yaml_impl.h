/*
 * yaml_impl.h - what the two files of the YAML reader share.
 */
#ifndef IO_YAML_IMPL_H
#define IO_YAML_IMPL_H
#include <yaml.h>
#include "base/err.h"

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

#endif
