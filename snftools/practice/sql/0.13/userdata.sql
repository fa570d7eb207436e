-- synnefo.userdata (migration 0003).

CREATE TABLE userdata_publickeypair (
    id serial NOT NULL,
    "user" varchar(100) NOT NULL,
    name varchar(255) NOT NULL,
    content text NOT NULL,
    fingerprint varchar(100) NOT NULL,
    CONSTRAINT userdata_publickeypair_pkey PRIMARY KEY (id)
);
