/*
 * endpoints.c - the Endpoints object.
 *
 * Made by its controller only: one in a manifest is not read, because its
 * addresses are those of another cluster.
 */
#include "models/network.h"

#include "models/api.h"

static void copy_status(struct meta *dst, const struct meta *src)
{
    (void)dst;                  /* it has no status */
    (void)src;
}

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    (void)a;                    /* its generation is nobody's business */
    (void)b;
    return false;
}

const struct kind_ops kind_ENDPOINTS = {
    .size = sizeof(struct endpointslice), .namespaced = true,
    .copy_status = copy_status, .spec_changed = spec_changed,
};
