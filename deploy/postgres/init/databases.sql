-- A database for each service beside the one that the image makes.
CREATE DATABASE rapport_segmentation;
CREATE DATABASE rapport_journey;
CREATE DATABASE rapport_loyalty;
CREATE DATABASE rapport_gateway;
