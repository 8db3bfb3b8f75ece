#!/bin/sh
# Known holes in dependencies. Their list is fetched, so a machine without that access is told and let pass.
out=$(cargo deny check advisories 2>&1) && { echo "$out"; exit 0; }
echo "$out"
case $out in
    *"failed to fetch"* | *"failed to open"* | *"failed to load advisory database"* | *"unable to"* | *"Could not resolve"*)
        echo "make lint: the list of advisories could not be fetched, so they were not checked" ;;
    *) exit 1 ;;
esac
