# The sandbox as a container, for the CI of clients in any language:
#
#   docker build -t digicert-sandbox .
#   docker run -p 127.0.0.1:8080:8080 digicert-sandbox
#
# More flags of digicert sandbox can follow. The build runs on the platform of the builder, whatever the platform of the image.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
COPY . .
RUN cd cmd/digicert && CGO_ENABLED=0 GOWORK=off GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags='-s -w' -o /digicert .

FROM scratch
COPY --from=build /digicert /digicert
USER 65534:65534
EXPOSE 8080
ENTRYPOINT ["/digicert", "sandbox", "--addr", "0.0.0.0:8080", "--allow-remote"]
