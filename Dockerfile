# The sandbox as a container, for the CI of clients in any language:
#
#   docker build -t digicert-sandbox . && docker run -p 8080:8080 digicert-sandbox
FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN cd cmd/digicert && CGO_ENABLED=0 GOWORK=off go build -trimpath -ldflags='-s -w' -o /digicert .

FROM scratch
COPY --from=build /digicert /digicert
USER 65534:65534
EXPOSE 8080
ENTRYPOINT ["/digicert", "sandbox", "--addr", "0.0.0.0:8080", "--allow-remote"]
