/*
 * manifest_text.h - manifests in tests, on one line of YAML's flow style.
 */
#ifndef TESTS_MANIFEST_TEXT_H
#define TESTS_MANIFEST_TEXT_H
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "base/value.h"
#include "models/api.h"

/* A Deployment whose spec is merged with patch ("" for none). */
static inline const struct value *deployment_text(struct arena *a,
                                                  const char *patch)
{
    const struct value *v = value_flow(a,
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, "
        "spec: {selector: {matchLabels: {app: web}}, template: {metadata: "
        "{labels: {app: web}}, spec: {containers: [{name: c, image: "
        "\"img:1\"}]}}}}", NULL);

    return *patch ? value_merge(a, v, value_flow(a, patch, NULL)) : v;
}

/* All faults and notes as "type path; ...", levels other than errors by their
 * code; "" if there is none. */
static inline const char *faults_text(struct arena *a,
                                      const struct err_list *l)
{
    struct buf b = { 0 };
    const char *text;

    for (size_t i = 0; i < l->len; i++) {
        const struct diag *d = &l->items[i];

        buf_printf(&b, "%s%s %s", i ? "; " : "",
                   d->level == ERR_ERROR ? d->type : d->code, d->path);
    }
    text = arena_strdup(a, b.text ? b.text : "");
    buf_free(&b);
    return text;
}

#endif
