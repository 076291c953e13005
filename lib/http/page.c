/*
 * http/page.c - the page at the client's URL, as a scrape wants it.
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The page with its response, which it points into. */
struct owned_page {
    weir_http_page public;
    struct response response;
    weir_allocator allocator;
};

weir_status weir_http_page_get(weir_http *http, const char *accept, size_t most,
                               weir_http_page **page, weir_error *err)
{
    struct owned_page *owned;
    char header[1024];
    weir_status status;

    if (http == NULL || page == NULL || most == 0) {
        return weir__http_error(err, WEIR_E_ARG, "", "expected a client, a page and a limit");
    }
    if (accept != NULL &&
        (strpbrk(accept, "\r\n") != NULL || strlen(accept) > sizeof header - 16)) {
        return weir__http_error(err, WEIR_E_RANGE, "accept", "must be a short line");
    }
    owned = http->allocator.alloc(http->allocator.user, sizeof *owned);
    if (owned == NULL) {
        return weir__http_error(err, WEIR_E_MEMORY, "", "out of memory");
    }
    snprintf(header, sizeof header, "Accept: %s", accept != NULL ? accept : "");
    status = weir__http_get(http, accept != NULL ? header : NULL, most, &owned->response, err);
    if (status != WEIR_OK) {
        http->allocator.free(http->allocator.user, owned, sizeof *owned);
        return status;
    }
    owned->allocator = http->allocator;
    owned->public = (weir_http_page){
        .status = owned->response.status,
        .content_type = owned->response.type,
        .body = owned->response.body != NULL ? owned->response.body : "",
        .length = owned->response.length,
    };
    *page = &owned->public;
    return WEIR_OK;
}

void weir_http_page_free(weir_http_page *page)
{
    /* The page is the first member of what owns it. */
    struct owned_page *owned = (struct owned_page *)(void *)page;
    weir_allocator a;

    if (page == NULL) {
        return;
    }
    a = owned->allocator;
    free(owned->response.body);
    a.free(a.user, owned, sizeof *owned);
}
