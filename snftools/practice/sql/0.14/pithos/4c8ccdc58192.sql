CREATE INDEX idx_attributes_domain ON attributes (domain);
