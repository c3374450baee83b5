/*
 * network.c - tables about Services and their endpoints.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "models/proxy.h"

#define MOST 64                 /* endpoints of a row */
#define HERE 1
#define THERE 2

static bool is_one(const char *s)
{
    return s && *s == '1';
}

/* "name:local:ready:serving:terminating" */
static struct endpoint endpoint_from(char *word, const char **name)
{
    char *save = NULL;
    struct endpoint e = { 0 };

    *name = strtok_r(word, ":", &save);
    e.node = strcmp(strtok_r(NULL, ":", &save), "local") == 0 ? HERE : THERE;
    e.ready = is_one(strtok_r(NULL, ":", &save));
    e.serving = is_one(strtok_r(NULL, ":", &save));
    e.terminating = is_one(strtok_r(NULL, ":", &save));
    return e;
}

static size_t parse(char *text, struct endpoint *items, const char **names)
{
    char *save = NULL;
    size_t n = 0;

    for (char *word = strtok_r(text, " ", &save); word && n < MOST;
         word = strtok_r(NULL, " ", &save), n++)
        items[n] = endpoint_from(word, &names[n]);
    return n;
}

/* The chosen names, or "none". */
static void names_of(char *out, size_t room, const char **names,
                     const size_t *chosen, size_t n)
{
    size_t len = 0;

    *out = '\0';
    for (size_t i = 0; i < n && len < room; i++)
        len += (size_t)snprintf(out + len, room - len, "%s%s", i ? " " : "",
                                names[chosen[i]]);
    if (n == 0)
        snprintf(out, room, "none");
}

static bool check_selection(const struct conf_row *row, char *why, size_t room)
{
    char text[4096], cluster[1024], local[1024];
    struct endpoint items[MOST];
    const char *names[MOST];
    size_t in_cluster[MOST], in_node[MOST];
    struct selection got = { .cluster = in_cluster, .local = in_node };
    struct policy policy = { .external = true, .terminating = true };
    size_t n;

    policy.internal_local =
        strcmp(conf_get(row, "internal_policy"), "Local") == 0;
    policy.external_local =
        strcmp(conf_get(row, "external_policy"), "Local") == 0;
    snprintf(text, sizeof(text), "%s",
             conf_get(row, "endpoints(name:location:ready:serving:"
                           "terminating)"));
    n = parse(text, items, names);
    proxy_select(items, n, HERE, policy, &got);
    names_of(cluster, sizeof(cluster), names, in_cluster, got.ncluster);
    names_of(local, sizeof(local), names, in_node, got.nlocal);
    if (!policy.internal_local && !policy.external_local)
        snprintf(local, sizeof(local), "unused");
    if (strcmp(cluster, conf_get(row, "cluster_endpoints")) == 0 &&
        strcmp(local, conf_get(row, "local_endpoints")) == 0 &&
        got.any == (conf_int(row, "has_any_endpoints", -1) == 1))
        return true;
    return conf_why(why, room, "got cluster \"%s\", local \"%s\", any %d",
                    cluster, local, got.any);
}

const struct conf_table conf_proxy_endpoint_selection = {
    .name = "proxy_endpoint_selection", .check = check_selection,
};
