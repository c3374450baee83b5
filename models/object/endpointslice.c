/*
 * endpointslice.c - the EndpointSlice object.
 *
 * Made by its controller only: a slice in a manifest is not read, because
 * its addresses are those of another cluster.
 */
#include "models/network.h"

#include "read.h"

static bool spec_changed(const struct meta *a, const struct meta *b)
{
    return slice_seen(a)->items != slice_seen(b)->items;
}

const struct kind_ops kind_ENDPOINTSLICE = {
    .size = sizeof(struct endpointslice), .namespaced = true,
    .copy_status = copy_no_status, .spec_changed = spec_changed,
};
