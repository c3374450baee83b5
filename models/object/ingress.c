/*
 * ingress.c - the Ingress object: fields, validation, and which path fits.
 *
 * Longest path first, Exact before Prefix; a host given in full before a
 * wildcard (one label), before none.  Of the annotations those of ingress-nginx
 * are read that decide where a request goes; others of its that would matter
 * are reported.
 *
 * Not modelled: TLS, rewriting, limits of rates and of connections, resource
 * backends, ports of a backend (a Service's first port is used).
 * Source: networking.k8s.io/v1; pkg/apis/networking/validation, Kubernetes
 * 1.36; ingress-nginx annotations (user guide); reference 6.5.
 */
#include "models/ingress.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "read.h"

#define PREFIX "nginx.ingress.kubernetes.io/"

/* ---- shape ------------------------------------------------------------------ */

static const struct shape_field port_fields[] = {
    READ(TEXT, "name"), READ(INT, "number"), SHAPE_END
};
static const struct shape port_shape = { port_fields, NULL };
static const struct shape_field service_fields[] = {
    READ(TEXT, "name"), OBJECT("port", port_shape), SHAPE_END
};
static const struct shape service_shape = { service_fields, NULL };
static const struct shape_field backend_fields[] = {
    OBJECT("service", service_shape), REPORT(ANY, "resource"), SHAPE_END
};
static const struct shape backend_shape = { backend_fields, NULL };
static const struct shape_field path_fields[] = {
    READ(TEXT, "path"), READ(TEXT, "pathType"),
    OBJECT_DEF("backend", backend_shape), SHAPE_END
};
static const struct shape path_shape = { path_fields, NULL };
static const struct shape_field http_fields[] = {
    LIST("paths", path_shape), SHAPE_END
};
static const struct shape http_shape = { http_fields, NULL };
static const struct shape_field rule_fields[] = {
    READ(TEXT, "host"), OBJECT("http", http_shape), SHAPE_END
};
static const struct shape rule_shape = { rule_fields, NULL };
static const struct shape_field spec_fields[] = {
    SILENT(TEXT, "ingressClassName"), SILENT(ANY, "tls"),
    OBJECT("defaultBackend", backend_shape), LIST("rules", rule_shape),
    SHAPE_END
};
static const struct shape spec_shape = { spec_fields, NULL };
static const struct shape_field ingress_fields[] = {
    OBJECT_FIELDS(spec_shape)
};
static const struct shape ingress_shape = { ingress_fields, NULL };
static const struct object_type ingress_type = {
    KIND_INGRESS, &ingress_shape, NAME_SUBDOMAIN
};

/* ---- validation --------------------------------------------------------------- */

static void check_backend(struct reader *r, const struct at *backend)
{
    struct at service = at_field(backend, "service");
    struct at name = at_field(&service, "name");
    struct at port = at_field(&service, "port");
    struct at number = at_field(&port, "number");
    struct at word = at_field(&port, "name");

    if (at_field(backend, "resource").v)
        return;
    if (!name.v) {
        fault_required(r, &name);
        return;
    }
    check_name(r, &name, NAME_LABEL, false);
    if (!number.v && !word.v)
        diag_help(r->errors, fault_required(r, &port),
                  "for example port: {number: 80}");
    else if (number.v && word.v)
        fault(r, &port, "Invalid", "may not have both name and number");
    else if (number.v)
        check_port(r, &number, at_int(&number, 0));
    else
        check_port_name(r, &word, value_text(word.v, ""));
}

static void check_path(struct reader *r, const struct at *at)
{
    static const char *const types[] = { "Exact", "ImplementationSpecific",
                                         "Prefix", NULL };
    struct at path = at_field(at, "path"), type = at_field(at, "pathType");
    struct at backend = at_field(at, "backend");
    const char *text = value_text(path.v, "");

    if (!type.v)
        diag_help(r->errors, fault_required(r, &type),
                  "pathType: Prefix is what is meant most often");
    else
        check_word(r, at, "pathType", types, 0);
    if (*text != '/' && (*text || (type.v && strcmp(value_text(type.v, ""),
                                   "ImplementationSpecific") != 0)))
        fault(r, &path, "Invalid", "must be an absolute path, got \"%s\"",
              text);
    else if (strstr(text, "//") || strstr(text, "/../"))
        fault(r, &path, "Invalid", "must not contain \"//\" or \"/../\"");
    check_backend(r, &backend);
}

static void check_spec(struct reader *r, const struct at *spec)
{
    struct at rules = at_field(spec, "rules");
    struct at fallback = at_field(spec, "defaultBackend");

    if (at_len(&rules) == 0 && !fallback.v)
        fault(r, spec, "Invalid", "must have defaultBackend or rules");
    if (fallback.v)
        check_backend(r, &fallback);
    for (size_t i = 0; i < at_len(&rules); i++) {
        struct at rule = at_item(&rules, i), host = at_field(&rule, "host");
        struct at http = at_field(&rule, "http");
        struct at paths = at_field(&http, "paths");
        struct at bare = host;

        if (host.v && strncmp(value_text(host.v, ""), "*.", 2) == 0)
            bare.v = value_string(r->arena, value_text(host.v, "") + 2,
                                  &host.v->mark);
        if (host.v && *value_text(host.v, ""))
            check_name(r, &bare, NAME_SUBDOMAIN, false);
        if (http.v && at_len(&paths) == 0)
            fault_required(r, &paths);
        for (size_t k = 0; k < at_len(&paths); k++) {
            struct at path = at_item(&paths, k);

            check_path(r, &path);
        }
    }
}

/* ---- annotations ---------------------------------------------------------------- */

/* Of ingress-nginx: read, or of no consequence here.  Others are reported. */
static const char *const known[] = {
    "affinity", "affinity-mode", "app-root", "backend-protocol", "canary",
    "canary-by-cookie", "canary-by-header", "canary-by-header-value",
    "canary-weight", "canary-weight-total", "enable-cors",
    "force-ssl-redirect", "proxy-body-size", "proxy-buffer-size",
    "proxy-connect-timeout", "proxy-next-upstream",
    "proxy-next-upstream-tries", "proxy-read-timeout", "proxy-send-timeout",
    "rewrite-target", "server-snippet", "session-cookie-expires",
    "session-cookie-max-age", "session-cookie-name", "session-cookie-path",
    "ssl-redirect", "upstream-vhost", "use-regex", NULL
};

static struct at annotation(const struct at *all, const char *name)
{
    for (size_t i = 0; i < at_len(all); i++) {
        struct at a = at_entry(all, i);

        if (strncmp(a.key, PREFIX, sizeof(PREFIX) - 1) == 0 &&
            strcmp(a.key + sizeof(PREFIX) - 1, name) == 0)
            return a;
    }
    return (struct at){ .up = all, .key = name, .entry = true };
}

static const char *text_of(const struct at *all, const char *name)
{
    struct at a = annotation(all, name);

    return a.v ? value_text(a.v, "") : NULL;
}

/* A whole number, at least 0. */
static int number_of(struct reader *r, const struct at *all, const char *name,
                     int fallback)
{
    struct at a = annotation(all, name);
    const char *text = a.v ? value_text(a.v, "") : NULL;
    char *end;
    long n;

    if (!text)
        return fallback;
    n = strtol(text, &end, 10);
    if (end != text && *end == '\0' && n >= 0 && n <= 1000000)
        return (int)n;
    fault(r, &a, "Invalid", "must be a whole number from 0 on, got \"%s\"",
          text);
    return fallback;
}

static bool is_true(const struct at *all, const char *name)
{
    const char *text = text_of(all, name);

    return text && strcmp(text, "true") == 0;
}

/* proxy-next-upstream: "error timeout" if absent. */
static void next_of(struct reader *r, const struct at *all,
                    struct ingress_conf *c)
{
    static const char *const words[] = { "error", "timeout",
                                         "non_idempotent", "off", NULL };
    struct at a = annotation(all, "proxy-next-upstream");
    const char *p = a.v ? value_text(a.v, "") : "error timeout";

    while (*p) {
        size_t len = strcspn(p, " ");
        const char *word = arena_strndup(r->arena, p, len);

        switch (len ? word_index(words, word) : 3) {
        case 0: c->next_error = true; break;
        case 1: c->next_timeout = true; break;
        case 2: c->next_non_idempotent = true; break;
        case 3: break;
        default: report_ignored(r, &a); return;
        }
        p += len + (p[len] == ' ');
    }
}

static void read_annotations(struct reader *r, const struct at *all,
                             struct ingress *in)
{
    const char *affinity = text_of(all, "affinity");

    for (size_t i = 0; i < at_len(all); i++) {
        struct at a = at_entry(all, i);

        if (strncmp(a.key, PREFIX, sizeof(PREFIX) - 1) == 0 &&
            word_index(known, a.key + sizeof(PREFIX) - 1) < 0)
            report_ignored(r, &a);
    }
    next_of(r, all, &in->conf);
    in->conf.tries = number_of(r, all, "proxy-next-upstream-tries", 3);
    in->conf.connect_timeout =
        number_of(r, all, "proxy-connect-timeout", 5) * SIM_S;
    in->conf.read_timeout =
        number_of(r, all, "proxy-read-timeout", 60) * SIM_S;
    in->conf.sticky = affinity && strcmp(affinity, "cookie") == 0;
    in->canary = is_true(all, "canary");
    in->weight_total = number_of(r, all, "canary-weight-total", 100);
    in->weight = number_of(r, all, "canary-weight", 0);
    if (in->weight > in->weight_total)
        in->weight = in->weight_total;
    in->header = text_of(all, "canary-by-header");
    in->header_value = in->header ? text_of(all, "canary-by-header-value")
                                  : NULL;
    in->cookie = text_of(all, "canary-by-cookie");
}

/* ---- typed ----------------------------------------------------------------------- */

static const char *service_name(const struct at *backend)
{
    struct at service = at_field(backend, "service");

    return get_text(&service, "name", NULL);
}

static const struct ingress_path *paths_of(struct arena *a,
                                           const struct at *rule, size_t *n)
{
    struct at http = at_field(rule, "http"), list = at_field(&http, "paths");
    struct ingress_path *p = arena_many(a, struct ingress_path,
                                        at_len(&list));

    *n = at_len(&list);
    for (size_t i = 0; i < *n; i++) {
        struct at item = at_item(&list, i);
        struct at backend = at_field(&item, "backend");

        p[i].path = get_text(&item, "path", "/");
        p[i].type = strcmp(get_text(&item, "pathType", ""), "Exact") == 0
                        ? PATH_EXACT : PATH_PREFIX;
        p[i].service = service_name(&backend);
    }
    return p;
}

static struct meta *decode(struct arena *a, const struct value *v,
                           struct err_list *errors)
{
    struct ingress *in = arena_make(a, struct ingress);
    struct reader r = reader_of(a, errors);
    struct at root = at_root(object_read(&r, v, &ingress_type, &in->meta), "");
    struct at metadata = at_field(&root, "metadata");
    struct at annotations = at_field(&metadata, "annotations");
    struct at spec = at_field(&root, "spec"), list = at_field(&spec, "rules");
    struct at fallback = at_field(&spec, "defaultBackend");
    struct ingress_rule *rules;

    check_spec(&r, &spec);
    read_annotations(&r, &annotations, in);
    in->nrules = at_len(&list);
    rules = arena_many(a, struct ingress_rule, in->nrules);
    for (size_t i = 0; i < in->nrules; i++) {
        struct at rule = at_item(&list, i);

        rules[i].host = get_text(&rule, "host", "");
        rules[i].paths = paths_of(a, &rule, &rules[i].npaths);
    }
    in->rules = rules;
    in->fallback = fallback.v ? service_name(&fallback) : NULL;
    in->raw = root.v;
    return &in->meta;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    return !value_equal(ingress_seen(a)->raw, ingress_seen(b)->raw);
}

const struct kind_ops kind_INGRESS = {
    .size = sizeof(struct ingress), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_changed,
    .decode = decode,
};

/* ---- which path fits -------------------------------------------------------------- */

/* 3: the host itself, 2: by its wildcard, 1: by a rule for any, 0: not. */
static int fit_host(const char *rule, const char *host)
{
    const char *dot = strchr(host, '.');

    if (!*rule)
        return 1;
    if (strcmp(rule, host) == 0)
        return 3;
    return rule[0] == '*' && dot && strcmp(rule + 1, dot) == 0 ? 2 : 0;
}

/* By elements: "/a" fits "/a" and "/a/b", not "/ab".  Twice the length, and
 * one more if it is exact. */
static int fit_path(const struct ingress_path *p, const char *path)
{
    size_t len = strlen(p->path);

    if (p->type == PATH_EXACT)
        return strcmp(p->path, path) == 0 ? 2 * (int)len + 2 : 0;
    while (len > 0 && p->path[len - 1] == '/')
        len--;
    if (strncmp(p->path, path, len) != 0 || (path[len] && path[len] != '/'))
        return 0;
    return 2 * (int)len + 1;
}

int ingress_fit(const struct ingress *in, const char *host, const char *path,
                const char **service)
{
    int best = 0;

    for (size_t i = 0; i < in->nrules; i++) {
        const struct ingress_rule *rule = &in->rules[i];
        int by_host = fit_host(rule->host, host);

        for (size_t k = 0; by_host && k < rule->npaths; k++) {
            int by_path = fit_path(&rule->paths[k], path);

            if (by_path && (by_host << 16) + by_path > best) {
                best = (by_host << 16) + by_path;
                *service = rule->paths[k].service;
            }
        }
    }
    if (best == 0 && in->fallback) {
        *service = in->fallback;
        best = 1;
    }
    return best;
}
